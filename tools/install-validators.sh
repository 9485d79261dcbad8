#!/bin/sh
# The independent DICOM validators and readers of the tests, where apt-get can be used.
set -eu
if command -v dciodvfy dcmdump plastimatch >/dev/null 2>&1; then
    exit 0
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    dcmtk dicom3tools plastimatch >/dev/null
