package io.silkstone.transport.aeron;

/** Sessions over UDP. */
class AeronUdpTest extends AeronTransportContract {
    @Override
    AeronOptions options() {
        return small(AeronOptions.Route.UDP);
    }
}
