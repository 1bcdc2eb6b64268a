"""A stand-in for a Discourse forum: state, rules and scripted faults, JSON for programs, pages for people."""

from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.forum import Call, Forum
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import Mode, Settings

__all__ = ["Call", "Forum", "Mode", "Refusal", "Settings", "cook"]
