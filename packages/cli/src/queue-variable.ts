/** A password in the environment is seen by fewer people than one among a process's arguments. */
export const queueVariable = 'MIEN_QUEUE';
