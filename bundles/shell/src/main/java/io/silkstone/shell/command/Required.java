package io.silkstone.shell.command;

import java.util.function.Supplier;

/**
 * A service that commands need and that may be absent at any time.
 *
 * @param <S> the service
 * @param what what operators call it, with its article
 * @param service gives the service now, or null
 */
public record Required<S>(String what, Supplier<S> service) {
    /**
     * The service now.
     *
     * @throws CommandRefused when it is absent
     */
    public S now() throws CommandRefused {
        S present = service.get();
        if (present == null) {
            throw new CommandRefused(
                    "This node has no "
                            + what
                            + " at the moment; `node:why` and the node's log may say why.");
        }
        return present;
    }

    /** The service now, or null: for completion, which offers nothing instead of failing. */
    public S orNull() {
        return service.get();
    }
}
