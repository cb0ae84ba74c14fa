"""Interrupts that wait for the end of a step."""

from __future__ import annotations

import signal
import threading

import pytest

from hepml.ml.toptag.stopping import deferred_interrupts


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = []
    with pytest.raises(KeyboardInterrupt), deferred_interrupts() as stopped:  # noqa: PT012
        assert not stopped()
        signal.raise_signal(signal.SIGINT)
        done.append(stopped())
    assert done == [True]


def test_the_second_interrupt_does_not_wait():
    done = []
    with pytest.raises(KeyboardInterrupt), deferred_interrupts():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        done.append("after")
    assert not done


def test_handlers_are_what_they_were():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with deferred_interrupts() as stopped:
        assert not stopped()
    assert before == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]


def test_other_threads_are_left_alone():
    found = []

    def work():
        with deferred_interrupts() as stopped:
            found.append(stopped())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [False]


def test_a_signal_that_is_ignored_stays_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with deferred_interrupts() as stopped:
            signal.raise_signal(signal.SIGINT)
            assert not stopped()
    finally:
        signal.signal(signal.SIGINT, before)
