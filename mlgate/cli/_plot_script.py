"""Draws in a process of its own, as the engine ends its process over what it does not like.

Protocol: one JSON line a picture on standard input, its Vega-Lite; one line back, `mlgate:` and
JSON, {"svg"} or {"error"}.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Answer until nothing more is asked."""
    import vl_convert

    for asked in sys.stdin.buffer:
        try:
            answer = {"svg": vl_convert.vegalite_to_svg(json.loads(asked), allowed_base_urls=[])}
        except Exception as error:  # whatever a foreign engine raises
            answer = {"error": str(error).partition("\n")[0][:200]}
        sys.stdout.buffer.write(b"mlgate:" + json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
