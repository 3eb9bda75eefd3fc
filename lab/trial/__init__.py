"""The court on trial: planted wrong gradients that it must convict, valid ones that it must not.

A room of its own, since it is neither a test of one function nor a measure of speed: it puts
made-up reports before the real court, with real references, and publishes what came of it.
"""
