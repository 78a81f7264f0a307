/* A shared library, but no module. */
int noentry_answer(void);

int noentry_answer(void) { return 42; }
