package io.silkstone.transport.aeron;

/** Sessions over shared memory. */
class AeronIpcTest extends AeronTransportContract {
    @Override
    AeronOptions options() {
        return small(AeronOptions.Route.IPC);
    }
}
