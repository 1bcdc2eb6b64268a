"""A stand-in for a Discourse forum: state, rules, webhooks, scripted faults, JSON for programs, pages for people."""

from bot.sandbox.forum.cook import cook
from bot.sandbox.forum.forum import Call, Forum
from bot.sandbox.forum.refusals import Refusal
from bot.sandbox.forum.state import HookEvent, Mode, Settings, WebHook

__all__ = ["Call", "Forum", "HookEvent", "Mode", "Refusal", "Settings", "WebHook", "cook"]
