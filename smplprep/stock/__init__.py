"""Everything that runs stock smplx; nothing else imports torch."""
