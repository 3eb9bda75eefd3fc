"""The test table: functions of a symmetric matrix as people write them, in three frameworks.

The same names are in each; ``data`` has the constants, ``plants`` what is done to a backward.
"""
