"""Who is right about the gradient of a function of a symmetric matrix?"""

from pathlib import Path

if not Path(__file__).with_name("court").is_dir():
    raise ImportError(
        "symgrad: the folders in symgrad/ are symbolic links, which this checkout does not have; "
        "clone it again with: git clone -c core.symlinks=true"
    )
