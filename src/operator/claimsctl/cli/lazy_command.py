"""A command whose module is imported when it is run, not when it is listed."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand


class LazyCommand(TyperCommand):
    """Stands in the command tree for a function of a module that is not imported yet.

    A list of commands shows `summary`. What the command takes and its whole help come from the
    function, named as ``module:function``, with everything that the module imports.
    """

    def __init__(self, name: str, function: str, summary: str) -> None:
        super().__init__(name, short_help=summary, rich_markup_mode=None)
        self._function = function

    def load(self) -> Any:
        """The command itself."""
        module, _, name = self._function.partition(":")
        app = typer.Typer(
            add_completion=False,
            rich_markup_mode=None,  # plain: no frames that cut messages up, and NO_COLOR holds
            pretty_exceptions_enable=False,
        )
        app.command(self.name)(getattr(import_module(module), name))
        return typer.main.get_command(app)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """The context of the command itself: it parses the arguments, and it is what is run."""
        return self.load().make_context(*args, **kwargs)
