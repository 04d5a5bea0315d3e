package io.silkstone.client;

/** Thrown out of a wait that the closing of the client has ended; never seen by applications. */
final class ClientClosed extends RuntimeException {
    private static final long serialVersionUID = 1;

    ClientClosed() {
        super("the client was closed meanwhile", null, false, false);
    }
}
