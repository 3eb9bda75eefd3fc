"""What each framework says: reported values and gradients, one worker process per framework.

This side never sees SymPy.  It imports nothing of ``symbolic``.  ``worker.py``, ``reads.py`` and
the files of ``frameworks/`` and ``former/`` run inside the worker and are written for Python 3.6
with NumPy and one framework alone; ``pool.py``, ``conversation.py``, ``process.py`` and
``journal.py`` start the workers and listen to them in the court's process, ``keeper.py`` runs
between the two and leaves nothing of a worker behind, ``compiled.py`` says where JAX keeps what it
has compiled, ``place.py`` where PyTorch makes its arrays, and ``interpreters.py`` and
``environments.py`` know of the Pythons that run former versions.  ``cluster.py`` does on a cluster
what ``pool.py`` does here, by what ``remote.py`` runs there; these two alone import Dask.
"""
