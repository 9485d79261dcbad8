"""The formats of research: NIfTI, NRRD, MetaImage, NumPy."""
