#!/bin/bash
# What all nodes share. Run once, as root, in the guest that becomes the box.
set -euo pipefail

# The CI user: no sudo.
sysadminctl -addUser vsts -fullName vsts -home /Users/vsts -shell /bin/bash
createhomedir -c -u vsts

# Tools and caches go here: whatever is in the box need not be fetched by each guest at each rebuild.

# Off, and no sooner: the box is packaged from a guest that has shut itself down.
shutdown -h now
