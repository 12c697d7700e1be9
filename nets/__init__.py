"""Layers with pullbacks, the paper's networks, and the models that train them. No autograd, files or CUDA."""
from nets.architectures import SIZES, decoder, discriminator, encoder, regressor
from nets.flow import Flow
from nets.gan import GAN
from nets.importance import ImportanceVAE
from nets.likelihoods import LIKELIHOODS
from nets.mlp import mlp
from nets.model import Model
from nets.network import Network
from nets.optimisers import OPTIMISERS
from nets.attribute_regressor import Regressor
from nets.pyramid import PyramidGAN, residual_decoder, residual_discriminator
from nets.vae import VAE, FeatureVAE
from nets.vaegan import FAKES, VAEGAN
