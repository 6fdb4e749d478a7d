"""The built artefact under the Lambda Runtime Interface Emulator, in front of the real engine."""
