"""The physics of radiation in matter: electron density, stopping power, attenuation."""
