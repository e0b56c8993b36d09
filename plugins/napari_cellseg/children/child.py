"""A Python program beside the window that speaks in JSON lines, so that long work never holds the window up."""

from __future__ import annotations

import atexit
import json
import sys
from collections import deque
from collections.abc import Sequence
from typing import Any

import psutil
from qtpy.compat import isalive
from qtpy.QtCore import QObject, QProcess, QProcessEnvironment, Signal

STOP_WITHIN_MS = 5000
LAST_WORDS = 20
"""Lines of standard error that are kept for a message."""
NICER = 10
"""By how much the child gives way to the window."""
_RUNNING: set[Child] = set()
"""Those that run. Nothing else may take one of them away: Qt kills a process with its object, and calls who is gone."""


class Child(QObject):
    """One run of `python -m MODULE ...`.

    It belongs to no other object of Qt, which would take it away while it runs; whoever starts it closes it.
    """

    told = Signal(dict)
    """An object that the child printed on standard output, in a line of its own."""
    said = Signal(str)
    """A line of its standard error."""
    ended = Signal(int)
    """Its exit code; -1 where it was killed or could not be started."""

    def __init__(self, arguments: Sequence[str]) -> None:
        super().__init__()
        self.words: deque[str] = deque(maxlen=LAST_WORDS)
        """Last lines of its standard error."""
        self._process = QProcess(self)
        self._process.setProgram(sys.executable)
        self._process.setArguments(["-m", *arguments])
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        environment.insert("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must not take the window's core
        self._process.setProcessEnvironment(environment)
        self._process.readyReadStandardOutput.connect(self._on_output)
        self._process.readyReadStandardError.connect(self._on_words)
        self._process.started.connect(self._on_started)
        self._process.finished.connect(self._on_finished)
        self._process.errorOccurred.connect(self._on_error)

    @property
    def running(self) -> bool:
        gone = not isalive(self._process)  # when the program ends, Qt may be quicker
        return not gone and bool(self._process.state() != QProcess.ProcessState.NotRunning)

    def start(self) -> None:
        _RUNNING.add(self)
        self._process.start()

    def send(self, order: dict[str, Any]) -> None:
        """One object to its standard input, in a line of its own."""
        self._process.write((json.dumps(order) + "\n").encode())

    def stop(self) -> None:
        """Ask it to end as Ctrl-C does; what it has done so far it keeps."""
        self._process.terminate()

    def kill(self) -> None:
        if self.running:
            self._process.kill()

    def close(self) -> None:
        """Stop it and wait; for windows that close."""
        if self.running:
            self.stop()
            if not self._process.waitForFinished(STOP_WITHIN_MS):
                self.kill()
                self._process.waitForFinished(STOP_WITHIN_MS)

    def discard(self) -> None:
        """Let Qt take it away, which it may have done by itself when the program ends."""
        if isalive(self):
            self.deleteLater()

    def _on_started(self) -> None:
        try:
            process = psutil.Process(int(self._process.processId()))
            process.nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else NICER)
        except psutil.Error:
            pass  # it has ended already, or it may not be changed

    def _on_output(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine()).decode(errors="replace").strip()
            if line.startswith("{"):
                self.told.emit(json.loads(line))

    def _on_words(self) -> None:
        for line in bytes(self._process.readAllStandardError()).decode(errors="replace").splitlines():
            if line.strip():
                self.words.append(line)
                self.said.emit(line)

    def _on_finished(self, code: int, status: QProcess.ExitStatus) -> None:
        self._on_output()
        self._on_words()
        _RUNNING.discard(self)
        self.ended.emit(code if status == QProcess.ExitStatus.NormalExit else -1)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            _RUNNING.discard(self)
            self.ended.emit(-1)


@atexit.register
def _end_all() -> None:
    """End those that nobody has closed when the program ends."""
    for child in list(_RUNNING):
        child.kill()
        child.close()
