/** How often a stream without messages shows that it is there: uWebSockets.js ends connections that are silent for 10 s. */
export const KEEP_ALIVE_MS = 8000;
