"""The attribute regressor of section 4.3: it reads the attributes of images, real or generated."""
import gpuarray as ga
from nets.model import Model


class Regressor(Model):
    """Minimises half the squared error of the attributes, summed, over a network of nets.regressor."""

    def __init__(self, regressor, **options):
        super().__init__({"regressor": regressor}, z_size=0, **options)

    def gradients(self, x, attributes):
        predicted, regressor_back = self.networks["regressor"](x)
        loss, dpredicted = ga.feature_loss(predicted, attributes)
        regressor_back(dpredicted, need_dx=False)
        self.report("attribute_loss", loss, per=len(x))

    def test_metrics(self, x, attributes):
        loss, _ = ga.feature_loss(self.predict(x), attributes)
        return {"test_attribute_loss": float(ga.to_host(loss)[0]) / len(x)}

    def predict(self, x):
        """The attributes (N, A) of images x (N, S, S, C), with running statistics."""
        return self.networks["regressor"](x, "test")[0]

    def features(self, x):
        """The activations (N, hidden) that the attributes of images x are read from."""
        return self.networks["regressor"].below_head(x)
