import pytest
import threadpoolctl


@pytest.fixture(autouse=True, scope="session")
def one_blas_thread():
    """Products as small as a picture's are slow on many threads where the machine is otherwise busy."""
    with threadpoolctl.threadpool_limits(1, "blas"):
        yield
