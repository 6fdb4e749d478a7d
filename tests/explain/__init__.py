"""What codes and findings mean."""
