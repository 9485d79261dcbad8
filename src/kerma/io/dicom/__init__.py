"""What all DICOM objects share: bytes, elements, items."""
