"""Runs programs: `launch` starts and resumes runs, `interpreter` knows what statements mean, `engine` says what carries
out steps (`inline`, `prefect_engine`), `store` remembers, `answering` takes answers from outside."""
