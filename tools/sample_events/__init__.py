"""The files in events/, generated from the contract's models so that they stay correct."""
