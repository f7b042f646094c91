"""A call that the project draws and speaks itself; its script is the truth that the demo is held to."""

from countenance.testing.sample_call.make import SampleCall, make_sample_call
from countenance.testing.sample_call.script import Script, read_script

__all__ = ["SampleCall", "Script", "make_sample_call", "read_script"]
