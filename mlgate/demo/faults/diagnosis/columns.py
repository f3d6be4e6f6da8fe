"""Names of the columns, as the hospital calls them."""

from __future__ import annotations

import json

RADIUS = "mean radius"
TEXTURE = "mean texture"
