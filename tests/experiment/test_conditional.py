"""Conditional runs: each image goes with its own attributes, and test images with those of test images."""
import numpy as np
import pytest

from experiment import UsageError, load_run, run
from experiment.attributes import replaced
from experiment.run_folder import RunFolder
from experiment.training import Training
from tests.experiment.fakes import FakeModel, images, settings
from tests.experiment.runs import finished_run

NAMES = "Brightness", "Held_Out"
TRAIN, TEST = 0, 1


def told(tests=70, names=NAMES):
    """Images whose attributes are their mean and the split they belong to."""
    made = images(tests=tests)
    for which, split in ((TRAIN, made.train), (TEST, made.test)):
        means = split.pictures(slice(None)).mean((1, 2, 3))
        split.attributes = np.stack([means, np.full(len(means), which, np.float32)], axis=1)
        split.attribute_names = names
    return made


class Told(FakeModel):
    """Notes the attributes of samples, and checks that all others are those of the images beside them."""

    def step(self, x, attributes):
        self.check(x, attributes, TRAIN)
        super().step(x)

    def sample(self, z, attributes):
        self.sampled = attributes
        return super().sample(z)

    def reconstruct(self, x, attributes):
        self.check(x, attributes, TEST)
        return super().reconstruct(x)

    def test_metrics(self, x, attributes):
        self.check(x, attributes, TEST)
        return {"test_attribute_loss": float(attributes.sum())}

    def check(self, x, attributes, which):
        assert np.allclose(attributes[:, 0], x.mean((1, 2, 3)), atol=1e-6)
        assert (attributes[:, 1] == which).all()


def train(data, model=None, names=NAMES, **given):
    given = settings(out="run", conditional=True, augment=False, **given)
    given.attribute_names = names
    training = Training(given, model or Told(), data, "cpu", "asked for")
    training.run()
    return training


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("tests", [70, 5])
def test_images_go_with_their_own_attributes(tests):
    data = told(tests)
    training = train(data)
    shown = training._shown[1]
    assert len(shown) == min(tests, 64) and set(map(tuple, shown)) <= set(map(tuple, data.test.attributes))
    assert (training.model.sampled == np.resize(shown, (64, 2))).all()
    reports = {report["step"]: report for report in RunFolder("run").metrics()}
    for step, report in reports.items():                   # measured at the ends of epochs
        assert report.get("test_attribute_loss") == (float(shown.sum()) if step % 4 == 0 else None)


def test_a_run_goes_on_with_the_attributes_it_began_with():
    train(told(), epochs=1)
    others = NAMES[::-1]
    with pytest.raises(UsageError, match="--data toyfaces: has other attributes than the run in run is told"):
        train(told(names=others), names=others, resume=True)
    assert [report["step"] for report in RunFolder("run").metrics()][-1] == 4
    train(told(), resume=True)
    config = RunFolder("run").config()
    assert config["data"]["attributes"] == list(NAMES) and config["resumed"][0]["step"] == 4


@pytest.mark.parametrize("script", ["celeba_aegan", "celeba_gan", "celeba_vae", "lfw_aegan"])
def test_a_finished_conditional_run_is_the_model_it_was(script, tmp_path):
    model = finished_run(tmp_path / "finished", script, conditional=True)
    rng = np.random.default_rng(0)
    z, attributes = (rng.standard_normal((3, n), np.float32) for n in (6, 26))
    x = rng.uniform(-1, 1, (3, 32, 32, 3)).astype(np.float32)
    again_settings, again = load_run(tmp_path / "finished", "cpu")
    assert again_settings.attribute_names[:2] == ("Bald", "Bangs")
    assert (model.sample(z, attributes) == again.sample(z, attributes)).all()
    assert (model.sample(z, attributes) != again.sample(z, -attributes)).any()
    if model.has_encoder:
        assert (model.reconstruct(x, attributes) == again.reconstruct(x, attributes)).all()


@pytest.mark.parametrize("noted", [None, [], [1, 2], "Bald"])
def test_names_that_cannot_be_known_are_refused(noted, tmp_path):
    finished_run(tmp_path / "finished", conditional=True)
    config = RunFolder("finished").config()
    RunFolder("finished").write_config(config | {"data": config["data"] | {"attributes": noted}})
    with pytest.raises(UsageError, match="config.json: does not tell which attributes its model is told"):
        load_run("finished", "cpu")


def test_vae_dis_l_wants_a_conditional_gan_where_it_is_conditional(tmp_path):
    features = dict(similarity="discriminator", discriminator="gan", conditional=True)
    gan = finished_run(tmp_path / "gan", "celeba_gan", conditional=True)
    model = finished_run(tmp_path / "run", "celeba_vae", **features)
    assert (model.discriminator.parameters == gan.networks["discriminator"].parameters).all()
    with pytest.raises(UsageError, match="--discriminator gan: is a conditional run: add --conditional"):
        finished_run(tmp_path / "other", "celeba_vae", **features | {"conditional": False})
    config = RunFolder("gan").config()
    others = config["data"]["attributes"][::-1]
    RunFolder("gan").write_config(config | {"data": config["data"] | {"attributes": others}})
    with pytest.raises(UsageError, match="--discriminator gan: was told other attributes than toyfaces has"):
        finished_run(tmp_path / "third", "celeba_vae", **features)


def test_some_attributes_are_replaced():
    attributes = np.zeros((2, 3), np.float32)
    names = "Male", "No Eyewear", "Smiling"
    assert replaced(attributes, names, "Smiling=1, No Eyewear=-0.5").tolist() == [[0, -0.5, 1]] * 2
    assert not attributes.any()


@pytest.mark.parametrize("words, complaint", [
    ("Smilling=1", "--with Smilling=1: .*no attribute of that name: it is told Smiling"),
    ("Hat=1", "is told Male, Smiling"), ("Male", "--with Male: expected NAME=VALUE"),
    ("Male=yes", "VALUE a number"), ("Male=nan", "VALUE a number"), ("", "no attribute of that name")])
def test_attributes_that_cannot_be_replaced(words, complaint):
    with pytest.raises(UsageError, match=complaint):
        replaced(np.zeros((1, 2), np.float32), ("Male", "Smiling"), words)


def test_notes_of_what_is_left_out(monkeypatch, capsys):
    data = told()
    data.train.dropped, data.test.dropped = 1200, 34
    monkeypatch.setattr("dataset.open_dataset",
                        lambda *_, **options: data if options["want_attributes"] else None)
    run.open_images(settings(conditional=True))
    assert "1,234 images without attributes are left out\n" in capsys.readouterr().out
