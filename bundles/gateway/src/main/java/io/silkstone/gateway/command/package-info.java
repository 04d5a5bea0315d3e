/**
 * The commands. {@link io.silkstone.gateway.command.CommandTable} lists them with arity, flags and
 * key positions; one class per family declares its commands and implements them as functions of an
 * {@link io.silkstone.gateway.command.Exchange}; {@link io.silkstone.gateway.command.RequestServer}
 * takes a client's bytes through parsing, checks, queueing and execution. Nothing here knows
 * sockets: bytes come in by address, and replies leave through a {@link
 * io.silkstone.gateway.resp.ReplyWriter}.
 */
package io.silkstone.gateway.command;
