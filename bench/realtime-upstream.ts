/**
 * The fake provider of the realtime scenario: a WebSocket at any path that says `session.created` and then sends every
 * message back as it came. Usage: node realtime-upstream.js. Tells its port to a parent over IPC.
 */
import uWS from 'uWebSockets.js';
import { announce } from './announce.js';

const CREATED = '{"type":"session.created","event_id":"event_0","session":{"type":"realtime"}}';

uWS
  .App()
  .ws('/*', {
    maxPayloadLength: 1024 * 1024,
    maxBackpressure: 0,
    idleTimeout: 0,
    sendPingsAutomatically: false,
    open: (ws) => void ws.send(CREATED, false),
    message: (ws, message, isBinary) => void ws.send(message, isBinary),
  })
  .listen('127.0.0.1', 0, (socket) => announce(socket && uWS.us_socket_local_port(socket)));
