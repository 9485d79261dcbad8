#!/bin/sh
# The independent DICOM validators and readers of the tests, where apt-get can be used.
set -eu
missing=0
for program in dciodvfy dcmdump dsrdump plastimatch; do
    command -v "$program" >/dev/null 2>&1 || missing=1
done
[ "$missing" = 0 ] && exit 0
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
    dcmtk dicom3tools plastimatch >/dev/null
