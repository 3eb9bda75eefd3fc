"""How each framework differentiates, as its user types it: the lines of generated scripts."""

from __future__ import annotations

FORWARD = "forward"
RUN: dict[str, tuple[str, dict[str, str]]] = {
    "torch": (
        "x = torch.tensor(X, dtype=torch.{dtype})",
        {
            "reverse": "x.requires_grad_()\n(G,) = torch.autograd.grad(loss(x), x)",
            FORWARD: "slope = torch.func.jvp(loss, (x,), (e,))[1]",
            "reverse over reverse": (
                "x.requires_grad_()\n"
                "(g,) = torch.autograd.grad(loss(x), x, create_graph=True)\n"
                "(G,) = torch.autograd.grad((g * d).sum().real, x)"
            ),
            "forward over reverse": "G = torch.func.jvp(torch.func.grad(loss), (x,), (d,))[1]",
            "reverse over forward": (
                "G = torch.func.grad(lambda x: torch.func.jvp(loss, (x,), (d,))[1])(x)"
            ),
            "forward over forward": (
                "along = lambda x: torch.func.jvp(loss, (x,), (d,))[1]\n"
                "slope = torch.func.jvp(along, (x,), (e,))[1]"
            ),
            "hessian": 'G = torch.einsum("ijkl,kl->ij", torch.func.hessian(loss)(x), d)',
        },
    ),
    "jax": (
        'jax.config.update("jax_enable_x64", True)\nx = jnp.array(X, "{dtype}")',
        {
            "reverse": "G = jax.grad(loss)(x)",
            FORWARD: "slope = jax.jvp(loss, (x,), (e,))[1]",
            "reverse over reverse": (
                "G = jax.grad(lambda x: jnp.real(jnp.sum(jax.grad(loss)(x) * d)))(x)"
            ),
            "forward over reverse": "G = jax.jvp(jax.grad(loss), (x,), (d,))[1]",
            "reverse over forward": "G = jax.grad(lambda x: jax.jvp(loss, (x,), (d,))[1])(x)",
            "forward over forward": (
                "along = lambda x: jax.jvp(loss, (x,), (d,))[1]\n"
                "slope = jax.jvp(along, (x,), (e,))[1]"
            ),
            "hessian": 'G = jnp.einsum("ijkl,kl->ij", jax.hessian(loss)(x), d)',
        },
    ),
    "tensorflow": (
        'x = tf.constant(X, "{dtype}")\n'
        "Accumulator = tf.autodiff.ForwardAccumulator\n\n\n"
        "def grad(function, x):\n"
        "    with tf.GradientTape() as tape:\n"
        "        tape.watch(x)\n"
        "        y = function(x)\n"
        "    return tape.gradient(y, x)\n\n\n"
        "def jvp(function, x, e):\n"
        "    with Accumulator(x, e) as accumulator:\n"
        "        y = function(x)\n"
        "    return accumulator.jvp(y)\n\n",
        {
            "reverse": "G = grad(loss, x)",
            FORWARD: "slope = jvp(loss, x, e)",
            "reverse over reverse": (
                "G = grad(lambda x: tf.math.real(tf.reduce_sum(grad(loss, x) * d)), x)"
            ),
            "forward over reverse": "G = jvp(lambda x: grad(loss, x), x, d)",
            "reverse over forward": "G = grad(lambda x: jvp(loss, x, d), x)",
            "forward over forward": "slope = jvp(lambda x: jvp(loss, x, d), x, e)",
            "hessian": (
                "with tf.GradientTape() as tape:\n"
                "    tape.watch(x)\n"
                "    g = grad(loss, x)\n"
                'G = tf.einsum("ijkl,ij->kl", tape.jacobian(g, x), d)'
            ),
        },
    ),
    "autograd": (
        'x = X.astype("{dtype}")',
        {
            "reverse": "G = autograd.grad(loss)(x)",
            FORWARD: "slope = make_jvp(loss)(x)(e)[1]",
            "reverse over reverse": (
                "G = autograd.grad(lambda x: anp.real(anp.sum(autograd.grad(loss)(x) * d)))(x)"
            ),
            "forward over reverse": "G = make_jvp(autograd.grad(loss))(x)(d)[1]",
            "reverse over forward": "G = autograd.grad(lambda x: make_jvp(loss)(x)(d)[1])(x)",
            "forward over forward": (
                "slope = make_jvp(lambda x: make_jvp(loss)(x)(d)[1])(x)(e)[1]"
            ),
            "hessian": 'G = anp.einsum("ijkl,kl->ij", autograd.hessian(loss)(x), d)',
        },
    ),
    "paddle": (
        'x = paddle.to_tensor(X, dtype="{dtype}", stop_gradient=False)',
        {
            "reverse": "(G,) = paddle.grad(loss(x), x)",
            "reverse over reverse": (
                "(g,) = paddle.grad(loss(x), x, create_graph=True)\n"
                "s = (g * d).sum()\n"
                "(G,) = paddle.grad(paddle.real(s) if s.is_complex() else s, x)"
            ),
        },
    ),
    "pytensor": (
        'x = pt.matrix(dtype="{dtype}")\n\n\n'
        "def at(y):\n"
        '    return pytensor.function([x], y{mode})(X.astype("{dtype}"))\n\n',
        {
            "reverse": "G = at(pytensor.grad(loss(x), x))",
            FORWARD: "slope = at(pytensor.gradient.pushforward(loss(x), x, e))",
            "reverse over reverse": (
                "G = at(pytensor.grad(pt.sum(pytensor.grad(loss(x), x) * d), x))"
            ),
            "forward over reverse": (
                "G = at(pytensor.gradient.pushforward(pytensor.grad(loss(x), x), x, d))"
            ),
            "reverse over forward": (
                "G = at(pytensor.grad(pytensor.gradient.pushforward(loss(x), x, d), x))"
            ),
        },
    ),
    "casadi": (
        'x = ca.{symbol}.sym("X", *X.shape)\n\n\n'
        "def at(y):\n"
        '    return ca.Function("f", [x], [y])(X)\n\n',
        {
            "reverse": "G = at(ca.gradient(loss(x), x))",
            FORWARD: "slope = at(ca.jtimes(loss(x), x, e))",
            "reverse over reverse": "G = at(ca.gradient(ca.dot(ca.gradient(loss(x), x), d), x))",
            "forward over reverse": (
                "G = at(ca.reshape(ca.jtimes(ca.gradient(loss(x), x), x, d), x.shape))"
            ),
            "reverse over forward": "G = at(ca.gradient(ca.jtimes(loss(x), x, d), x))",
            "hessian": (
                "G = at(ca.reshape(ca.hessian(loss(x), x)[0] @ ca.reshape(d, -1, 1), x.shape))"
            ),
        },
    ),
}
"""Of each framework: how x is made, and by mode how G, or the slope along E, comes of ``loss``;
``e`` is E there, and ``d`` the direction of a Hessian."""
IMPORTS = {
    "torch": ("import torch",),
    "jax": ("import jax", "import jax.numpy as jnp"),
    "tensorflow": ("import tensorflow as tf",),
    "autograd": (
        "import autograd",
        "import autograd.numpy as anp",
        "from autograd.differential_operators import make_jvp",
    ),
    "paddle": ("import paddle",),
    "pytensor": ("import pytensor", "import pytensor.tensor as pt"),
    "casadi": ("import casadi as ca",),
}
ARRAYS = {
    "torch": "torch.tensor({}, dtype=torch.{dtype})",
    "jax": 'jnp.array({}, "{dtype}")',
    "tensorflow": 'tf.constant({}, "{dtype}")',
    "autograd": 'np.array({}, "{dtype}")',
    "paddle": 'paddle.to_tensor(np.array({}), dtype="{dtype}")',
    "pytensor": 'pt.constant(np.array({}, "{dtype}"))',
    "casadi": "ca.DM({})",
}
"""An array of a framework's own."""
REAL = {
    "torch": "{}.real",
    "jax": "jnp.real({})",
    "tensorflow": "tf.math.real({})",
    "autograd": "anp.real({})",
    "paddle": "paddle.real({})",
    "pytensor": "pt.real({})",
}
SHOWN = {"pytensor": "at(loss(x))", "casadi": "at(loss(x))"}
"""The value, where it is not ``loss(x)``."""
SLOPES = {
    "": "np.sum(np.conj(G) * E).real",
    "torch": "np.sum(np.conj(G.tolist()) * E).real",
    "paddle": "np.sum(np.conj(G.numpy()) * E).real",
    "casadi": "np.sum(G.full() * E)",
}
"""⟨G, E⟩ in NumPy."""
