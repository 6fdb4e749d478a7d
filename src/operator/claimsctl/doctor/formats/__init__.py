"""A report in other forms: JSON, Markdown, JUnit and one HTML page."""
