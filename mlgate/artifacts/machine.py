"""Pickle's stack machine without its imports and calls: it knows every name and every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlgate.artifacts import arrays, guards
from mlgate.artifacts.names import Names
from mlgate.artifacts.opcodes import OPCODES
from mlgate.artifacts.outcome import Problem, Refused, malformed
from mlgate.artifacts.values import (
    AGAIN,
    DATA,
    UNSET,
    Made,
    Name,
    TooHeavy,
    items_of,
)

if TYPE_CHECKING:
    from mlgate.artifacts.feed import Feed
    from mlgate.artifacts.outcome import Scan

_GAP = 1 << 12

STOP = ord(".")


class Machine:
    """Reads one pickle from a feed, up to and with its STOP."""

    def __init__(self, feed: Feed, scan: Scan, where: str = "") -> None:
        self.feed = feed
        self.scan = scan
        self.where = where
        self.names = Names(scan.allow)
        self.stack: list[Any] = []
        self.below: list[list[Any]] = []
        self.memo: list[Any] = []
        self.memoized = 0
        self.protocol: int | None = None
        self.frame_end = 0
        self.reached = False
        """True once a name was asked for: what follows an error ran before it."""
        self.called = False
        self.persistent: Callable[[Any], Any] | None = None
        """What a persistent id stands for; None where the loader has no such thing."""
        self.built: Callable[[Machine, Made], None] | None = None
        """Told of an object that reads on from the stream once its state is set (joblib)."""

    def run(self) -> Any:
        """The value that the stream stands for. Raises `Refused`."""
        feed, opcodes = self.feed, OPCODES
        left = self.scan.limits.opcodes - self.scan.opcodes
        code, count = -1, 0
        try:
            for count in range(1, left + 1):  # noqa: B007 - told in the end
                try:
                    code = feed.buffer[feed.at]
                except IndexError:
                    if not feed.more():
                        raise malformed("it ends before its STOP") from None
                    code = feed.buffer[feed.at]
                feed.at += 1
                if code == STOP:
                    return self._end()
                opcodes[code](self)
        except IndexError:
            raise malformed(f"opcode {code:#04x} finds too little on the stack") from None
        except KeyError:
            raise malformed(f"{code:#04x} is no opcode") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise malformed(f"opcode {code:#04x} does not fit: {type(error).__name__}") from None
        except TooHeavy:
            raise Refused("limit", "its memo folds more values than memory holds") from None
        finally:
            self.scan.opcodes += count
        raise Refused("limit", f"it has more than {self.scan.limits.opcodes:,} opcodes")

    def _end(self) -> Any:
        value = self.stack.pop()
        if self.stack or self.below:
            raise malformed("values are left on the stack at its end")
        if self.feed.position < self.frame_end:
            raise malformed("its STOP lies inside a frame")
        return value

    def marked(self) -> list[Any]:
        """The values above the last MARK, which goes too."""
        items = self.stack
        self.stack = self.below.pop()
        return items

    def remember(self, index: int, value: Any) -> None:
        """Put `value` into the memo."""
        memo = self.memo
        if index == len(memo):
            memo.append(value)
        elif index < len(memo):
            if memo[index] is not UNSET:
                self.memoized -= 1
            memo[index] = value
        elif index - len(memo) > _GAP:
            raise Refused("limit", f"its memo jumps to {index:,}")
        else:
            memo.extend([UNSET] * (index - len(memo)))
            memo.append(value)
        self.memoized += 1

    def recall(self, index: int) -> None:
        """Push what lies in the memo."""
        value = self.memo[index] if index >= 0 else UNSET
        if value is UNSET:
            raise malformed(f"its memo has nothing at {index}")
        self.stack.append(AGAIN if type(value) in arrays.FILLED else value)

    def ask(self, module: str, name: str) -> None:
        """Push the name, and state it if it is not allowed."""
        self.reached = True
        found, problem = self.names.find(module, name, self.protocol or 0)
        if problem is not None:
            self.scan.state(Problem(*problem, where=self.where, name=found.full))
        self.stack.append(found)

    def call(self, called: Any, args: Any, keywords: bool = False) -> None:
        """Push what calling `called` gives."""
        self.reached = self.called = True
        if type(called) is not Name:
            self.refuse("call", "calls something that is no plain name")
            self.stack.append(DATA)
            return
        given = items_of(args)
        if given is None:
            raise malformed(f"{called.full} is called with what is no tuple")
        if not called.calls:
            self.refuse("call", f"calls {called.full}, which may only be referred to")
        wrong = guards.wrong(called.full, given, keywords)
        if wrong is not None:
            self.refuse("call", f"calls {called.full} {wrong}")
        kept = called.full in guards.KEPT
        self.stack.append(Made(called, given) if kept else called.made)

    def refuse(self, rule: str, message: str) -> None:
        """State a problem and read on."""
        self.scan.state(Problem(rule, f"the pickle {message}", self.where))

    def change(self, target: Any) -> None:
        """Check that `target` is something a stream may fill or set the state of."""
        if target is AGAIN:
            raise malformed("it fills data that it has read already")
        if type(target) is Name:
            self.refuse("call", f"changes {target.full} itself")
        elif type(target) is Made and target.of.full == guards.TYPE:
            self.refuse("call", "changes a class")
