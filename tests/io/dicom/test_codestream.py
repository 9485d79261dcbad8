"""Matrix sizes inside compressed images."""

from __future__ import annotations

from kerma.io.dicom.codestream import coded_size


def test_jpeg_2000_states_the_corners_of_its_image() -> None:
    corners = (
        b"\0\0\1\4",
        b"\0\0\2\0",
        b"\0\0\0\4",
        b"\0\0\0\0",
    )  # right, lower, left, upper
    size_marker = b"\xff\x51\0\x29\0\0" + b"".join(corners)
    assert coded_size(b"\xff\x4f" + size_marker) == (512, 256)
    assert coded_size(b"boxes before it" + b"\xff\x4f" + size_marker) == (512, 256)


def test_jpeg_states_lines_and_samples_in_its_frame_marker() -> None:
    application = b"\xff\xe0\0\x04ab"
    frame = b"\xff\xc3\0\x0b\x0c\0\x10\0\x20"  # process 14, 12 bits, 16 x 32
    assert coded_size(b"\xff\xd8" + application + frame) == (16, 32)
    assert coded_size(b"\xff\xd8" + b"\xff" + frame) == (16, 32)  # a fill byte
    assert coded_size(b"\xff\xd8" + b"\xff\xf7" + frame[2:]) == (16, 32)  # JPEG-LS


def test_what_has_no_frame_marker_has_no_size() -> None:
    scan = b"\xff\xda\0\x08aaaaaa"
    for stream in (b"", b"RLE", b"\xff\xd8", b"\xff\xd8\xff", b"\xff\xd8" + scan):
        assert coded_size(stream) is None
