"""A case: our call, those of the peers, and the goal for the ratio."""

import numpy


class Case:
    def __init__(self, ours, peers, goal=None, check=None, note=None):
        self.ours, self.goal, self.note = ours, goal, note
        # A star marks what is shown, and not counted as a peer: a limit, or one that does something else.
        self.peers = {name: run for name, run in peers.items() if run}
        self.check = check or (lambda: None)


def same(library, data, out, wanted, most=0):
    """A check that we read these pixels."""

    def check():
        out.fill(1)
        library.reader(data, out)()
        off = numpy.abs(out.astype(numpy.float64) - wanted.reshape(out.shape)).max() if wanted is not None else 0
        assert off <= most, f"read with an error of {off}"

    return check
