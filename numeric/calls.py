"""Tables of routes, made of public calls and the options that a user would type."""

import functools
import inspect
import re
import types


def calls(namespaces, name, *options):
    """A public call with each of the options: what a user would type → the call.

    ``namespaces`` maps what stands before the first dot of ``name`` to a module.  What the version
    that runs does not have is left out: the call, or an option where a call says which it has.
    """
    call = find(namespaces[name.split(".")[0]], name)
    if call is None:
        return {}
    return {
        _shown(name, chosen): functools.partial(call, **chosen)
        for chosen in options
        if has(call, chosen)
    }


def has(call, options):
    """Whether a call has options of these names, as far as it tells."""
    try:
        parameters = inspect.signature(call).parameters
    except (TypeError, ValueError):  # compiled code has no signature
        return True
    takes_all = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return takes_all or set(options) <= set(parameters)


def _shown(name, options):
    text = ", ".join("%s=%r" % item for item in options.items())
    return "%s(%s)" % (name, text) if text else name


def by(table, route):
    """The ``route(call, X, …)`` by each of the calls of a table."""
    return {name: functools.partial(route, call) for name, call in table.items()}


def then(table, last):
    """Each of the calls X → y, and then ``last(y)``."""
    return by(table, lambda call, X: last(call(X)))


def only(table, *names):
    """The calls of these names; a version may lack the option of one."""
    return {name: table[name] for name in names if name in table}


def find(module, call):
    """What a call, as ``tf.linalg.eigh``, is in the module that ``tf`` stands for; or nothing."""
    return functools.reduce(lambda x, name: getattr(x, name, None), call.split(".")[1:], module)


def offered(table, prefix, find):
    """The routes of a table whose names hold no call that ``find(call)`` does not find.

    ``prefix`` is what each call begins with, as ``tf``.
    """
    calls = re.compile(r"\b%s(?:\.\w+)+" % prefix)
    return {
        name: route
        for name, route in table.items()
        if all(find(call) is not None for call in calls.findall(name))
    }


def there(named, names):
    """The routes of a table whose names hold no public call, nor option of one, that is not there.

    ``names`` maps what stands before the first dot of a call to a module, among other things.
    """
    return {
        name: route
        for name, route in named.items()
        if all(
            _is_there(names[call.split(".")[0]], call, re.findall(r"(\w+)=", options))
            for call, options in re.findall(r"\b([a-z]\w*(?:\.\w+)+)(\([^()]*\))?", name)
            if isinstance(names.get(call.split(".")[0]), types.ModuleType)
        )
    }


def _is_there(module, call, options):
    found = find(module, call)
    return found is not None and has(found, options)
