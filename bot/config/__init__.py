"""config.toml and the environment, read once into one frozen Config, or sentences saying what is wrong."""

from bot.config.reading import Config

__all__ = ["Config"]
