"""One file per framework, named as the module that it imports.

Each defines a class ``Framework``, a :class:`symgrad.numeric.framework.BaseFramework`.  A file is
imported in a worker only, so it imports its framework at the top.
"""
