"""`python -m wholebody_lift`: the same as the command `wholebody-lift`."""

import sys

from wholebody_lift.cli import main

if __name__ == "__main__":
    sys.exit(main())
