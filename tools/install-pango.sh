#!/bin/sh
# PDF reports need the Pango text library of the operating system. Install it where
# that is possible without asking; elsewhere say how. Without it all but the PDF works.
python=$1
if "$python" -c 'import weasyprint' >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq &&
        apt-get install -y -qq --no-install-recommends \
            libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 >/dev/null
else
    echo "For PDF reports: apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
fi
