/**
 * The Redis serialization protocol, versions 2 and 3, over raw memory: {@link
 * io.silkstone.gateway.resp.RequestParser} finds the arguments of requests where they lie, {@link
 * io.silkstone.gateway.resp.ReplyWriter} appends replies to a buffer. Nothing here knows commands
 * or sockets.
 */
package io.silkstone.gateway.resp;
