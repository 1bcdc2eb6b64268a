"""What stands in the place of a word, particle included."""

from bot.languages.ko.particles import particle_at, with_particle


def replacing(text: str, end: int, new: str) -> tuple[int, str]:
    """The end of what is replaced and its replacement, for a word that ends at `text[:end]`.

    A particle whose form depends on the word before is taken along, so that it fits the new word.
    """
    particle = particle_at(text, end)
    return (particle.end, with_particle(new, particle.form)) if particle else (end, new)
