package io.silkstone.rpc;

import static io.silkstone.rpc.Process.MILLIS;
import static io.silkstone.rpc.Process.encodePing;
import static io.silkstone.rpc.Process.encodeRead;
import static io.silkstone.rpc.Process.pass;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.silkstone.rpc.messages.DoneDecoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.PingDecoder;
import io.silkstone.rpc.messages.ReadDecoder;
import io.silkstone.rpc.messages.ReadReplyEncoder;
import io.silkstone.rpc.messages.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

class RpcTest {
    private static final String SERVER = "wire:server";

    private final AtomicLong clock = new AtomicLong(-5 * MILLIS);
    private final Wire wire = new Wire();
    private final Wire.End clientEnd = wire.open("wire:client");
    private final Process client = new Process(clientEnd, clock);
    private final Process server = new Process(wire.open(SERVER), clock);
    private final Peer peer = client.rpc.peer(SERVER);
    private final Call call = client.rpc.newCall();

    private void pump() {
        server.rpc.poll();
        client.rpc.poll();
    }

    private static long number(Call call) {
        DoneDecoder done = new DoneDecoder();
        done.wrap(call.reply(), call.replyOffset(), call.replyBlockLength(), call.replyVersion());
        return done.number();
    }

    @Test
    void call_thatIsAnswered_hasTheReply() {
        server.answerPings();
        server.rpc.identity(0, 42);

        client.ping(call, peer, 1_000);
        assertThat(call.isDone()).isFalse();
        pump();

        assertThat(call.isDone()).isTrue();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(call.hasReply()).isTrue();
        assertThat(number(call)).isEqualTo(1);
        assertThat(call.server()).isEqualTo(42);
        assertThat(call.text()).isEmpty();
        assertThat(call.reply().capacity()).isEqualTo(call.replyOffset() + 29);
        assertThat(client.count(RpcMetrics.CALLS)).isEqualTo(1);
        assertThat(server.count(RpcMetrics.SERVED)).isEqualTo(1);
    }

    @Test
    void call_usedAgain_hasTheNewReply() {
        server.answerPings();
        for (int round = 1; round <= 5; round++) {
            client.ping(call, peer, 1_000);
            pump();
            assertThat(number(call)).isEqualTo(round);
        }
        assertThat(client.count(RpcMetrics.LATE)).isZero();
    }

    @Test
    void call_whoseRequestIsLost_isSentAgain() {
        AtomicLong pings = server.answerPings();
        wire.copies(0);

        client.ping(call, peer, 10_000);
        pass(199, server, client);
        assertThat(call.isDone()).isFalse();
        pass(2, server, client);

        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(pings).hasValue(1);
        assertThat(client.count(RpcMetrics.RESENT)).isEqualTo(1);
    }

    @Test
    void call_whoseReplyIsLost_isServedAgainAndAnsweredOnce() {
        AtomicLong pings = server.answerPings();
        wire.copies(1, 0);

        client.ping(call, peer, 10_000);
        pass(201, server, client);

        assertThat(number(call)).isEqualTo(2);
        assertThat(pings).hasValue(2);
        assertThat(client.count(RpcMetrics.LATE)).isZero();
    }

    @Test
    void call_thatIsNeverAnswered_isSentMoreAndMoreSeldom() {
        client.ping(call, peer, 60_000);
        int[] sentWithin = {1, 2, 3, 4, 5, 6, 7};
        int[] millis = {199, 599, 1_399, 2_999, 6_199, 10_198, 14_198};
        int passed = 0;
        for (int step = 0; step < millis.length; step++) {
            pass(millis[step] - passed, client);
            passed = millis[step];
            assertThat(wire.sent()).as("after %d ms", passed).isEqualTo(sentWithin[step]);
        }
    }

    @Test
    void call_whoseResendTimeIsLong_waitsThatLong() {
        RpcOptions slow = new RpcOptions(1, 1, 1, 1 << 10, 1 << 10, 10_000 * MILLIS);
        Process other = new Process(wire.open("wire:other"), clock, null, slow);
        other.ping(other.rpc.newCall(), other.rpc.peer(SERVER), 60_000);
        pass(9_999, other);
        assertThat(wire.sent()).isEqualTo(1);
        pass(2, other);
        assertThat(wire.sent()).isEqualTo(2);
    }

    @Test
    void request_thatComesTwice_isServedOnce() {
        AtomicLong pings = server.answerPings();
        for (int round = 1; round <= 3; round++) {
            wire.copies(3);
            client.ping(call, peer, 1_000);
            pump();
            assertThat(number(call)).isEqualTo(round);
        }
        assertThat(pings).hasValue(3);
        assertThat(server.count(RpcMetrics.REPEATED)).isEqualTo(6);
    }

    @Test
    void reply_thatComesTwice_isLate() {
        server.answerPings();
        wire.copies(1, 2);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(client.count(RpcMetrics.LATE)).isEqualTo(1);
    }

    @Test
    void reply_afterTheTimeIsOver_isDroppedAlsoWhenTheCallWasStartedAgain() {
        AtomicLong pings = server.answerPings();
        client.ping(call, peer, 10);
        pass(11, client);
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(call.hasReply()).isFalse();
        assertThat(client.count(RpcMetrics.TIMED_OUT)).isEqualTo(1);

        wire.copies(0);
        client.ping(call, peer, 1_000);
        pump();

        assertThat(pings).hasValue(1);
        assertThat(client.count(RpcMetrics.LATE)).isEqualTo(1);
        assertThat(call.isDone()).isFalse();
        pass(201, server, client);
        assertThat(number(call)).isEqualTo(2);
    }

    @Test
    void reply_toACallThatWasClosed_doesNotReachTheNextInItsPlace() {
        server.answerPings();
        client.ping(call, peer, 10);
        pass(11, client);
        call.close();
        Call next = client.rpc.newCall();
        wire.copies(0);
        client.ping(next, peer, 1_000);
        pump();
        assertThat(next.isDone()).isFalse();
        assertThat(client.count(RpcMetrics.LATE)).isEqualTo(1);
    }

    @Test
    void reply_beforeStartHasReturned_isTakenWithoutWaitingForTheThreadThatStarts() {
        server.answerPings();
        wire.afterSend(
                () -> {
                    wire.afterSend(() -> {});
                    pump();
                    pump();
                    assertThat(call.isDone()).isFalse();
                });
        List<Call> told = new ArrayList<>();
        call.start(peer, 0, encodePing(call), 1_000 * MILLIS, told::add);
        assertThat(told).isEmpty();

        client.rpc.poll();

        assertThat(told).containsExactly(call);
        assertThat(number(call)).isEqualTo(1);
    }

    @Test
    void reply_twiceBeforeStartHasReturned_isTakenOnce() {
        server.answerPings();
        wire.copies(1, 2);
        wire.afterSend(
                () -> {
                    wire.afterSend(() -> {});
                    pump();
                });
        client.ping(call, peer, 1_000);
        client.rpc.poll();
        assertThat(number(call)).isEqualTo(1);
        assertThat(client.count(RpcMetrics.LATE)).isEqualTo(1);
    }

    @Test
    void timeout_travelsAsWhatIsLeft() {
        List<Long> lefts = new ArrayList<>();
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> lefts.add(request.deadline() - server.rpc.now()));
        client.ping(call, peer, 300);
        pass(201, server, client);
        assertThat(lefts).containsExactly(300 * MILLIS, 100 * MILLIS);
    }

    @Test
    void timeout_ofForEver_isTheLongestThatCanBeSaid() {
        List<Long> lefts = new ArrayList<>();
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> lefts.add(request.deadline() - server.rpc.now()));
        call.start(peer, 0, encodePing(call), Long.MAX_VALUE, Completion.NONE);
        pump();
        assertThat(lefts).containsExactly(0xffff_fffeL * 1_000);
        assertThat(call.isDone()).isFalse();
    }

    @Test
    void session_thatBreaks_isOpenedAgainAfterAPause() {
        AtomicLong pings = server.answerPings();
        client.ping(call, peer, 10_000);
        pump();
        clientEnd.breakSessions();
        assertThat(peer.isOpen()).isFalse();

        client.ping(call, peer, 10_000);
        assertThat(wire.connects()).isEqualTo(1);
        pass(7, client, server);

        assertThat(wire.connects()).isEqualTo(2);
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(pings).hasValue(2);
        assertThat(peer.isOpen()).isTrue();
    }

    @Test
    void session_toNobody_isTriedMoreAndMoreSeldom() {
        Peer nobody = client.rpc.peer("wire:nobody");
        client.ping(call, nobody, 20_000);
        pass(1_000, client);
        int first = wire.connects();
        pass(10_000, client);
        assertThat(first).isBetween(8, 12);
        assertThat(wire.connects() - first).isBetween(15, 21);
        assertThat(call.wasSent()).isFalse();
        pass(10_000, client);
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);

        wire.open("wire:nobody");
        client.ping(call, nobody, 2_000);
        pass(600, client);
        assertThat(call.wasSent()).isTrue();
    }

    @Test
    void peer_ofABadAddress_isRefused() {
        assertThatThrownBy(() -> client.rpc.peer("nonsense"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("nonsense");
        assertThat(client.rpc.peer(SERVER)).isSameAs(peer);
    }

    @Test
    void peer_thatIsForgotten_isAnotherOneNextTime() {
        client.rpc.forget(peer);
        assertThat(peer.isOpen()).isFalse();
        assertThat(client.rpc.peer(SERVER)).isNotSameAs(peer);
    }

    @Test
    void request_intoAFullSession_isTriedAgainSoon() {
        server.answerPings();
        wire.full(true);
        client.ping(call, peer, 1_000);
        pass(5, client, server);
        assertThat(wire.sent()).isZero();
        wire.full(false);
        pass(0.5, client, server);
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(client.count(RpcMetrics.RESENT)).isZero();
    }

    @Test
    void request_longerThanTheSessionTakes_endsAsTooLarge() {
        wire.messageBytesMax(100);
        List<Status> told = new ArrayList<>();
        int length = encodeRead(call, 100);
        call.start(peer, 0, length, 1_000 * MILLIS, ended -> told.add(ended.status()));
        assertThat(told).isEmpty();
        client.rpc.poll();
        assertThat(told).containsExactly(Status.TOO_LARGE);
        assertThat(call.hasReply()).isFalse();

        server.answerPings();
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);
    }

    @Test
    void request_longerThanANewSessionTakes_endsAsTooLarge() {
        Call big = client.rpc.newCall();
        big.start(peer, 0, encodeRead(big, 100), 1_000 * MILLIS, Completion.NONE);
        wire.messageBytesMax(100);
        pass(201, client);
        assertThat(big.status()).isEqualTo(Status.TOO_LARGE);
    }

    @Test
    void request_longerThanTheOptionsAllow_endsAsTooLarge() {
        int length = encodeRead(call, 64 << 10);
        call.start(peer, 0, length, 1_000 * MILLIS, Completion.NONE);
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(Status.TOO_LARGE);
        assertThat(wire.sent()).isZero();
    }

    @Test
    void request_longerThanTheOtherSideTakes_isRefused() {
        RpcOptions small = new RpcOptions(1, 1, 1, 1 << 10, 1 << 10, MILLIS);
        Process other = new Process(wire.open("wire:other"), clock, null, small);
        other.rpc.serve(ReadDecoder.TEMPLATE_ID, request -> request.done(0));
        int length = encodeRead(call, 1 << 10);
        call.start(client.rpc.peer("wire:other"), 0, length, 1_000 * MILLIS, Completion.NONE);
        other.rpc.poll();
        client.rpc.poll();
        assertThat(call.status()).isEqualTo(Status.TOO_LARGE);
    }

    private void serveReads(int valueBytes) {
        server.rpc.serve(
                ReadDecoder.TEMPLATE_ID,
                request -> {
                    ReadReplyEncoder reply = new ReadReplyEncoder();
                    reply.wrapAndApplyHeader(
                            request.reply(100 + valueBytes), 0, new MessageHeaderEncoder());
                    reply.header().status(Status.OK);
                    reply.version(1).expiryMillis(0).tag((short) 0);
                    reply.putValue(new byte[valueBytes], 0, valueBytes);
                    request.send(Call.BODY + reply.encodedLength());
                });
    }

    @Test
    void reply_longerThanTheSessionTakes_isRefusedAsTooLarge() {
        serveReads(20_000);
        wire.messageBytesMax(10_000);
        call.start(peer, 0, encodeRead(call, 10), 1_000 * MILLIS, Completion.NONE);
        pump();
        assertThat(call.status()).isEqualTo(Status.TOO_LARGE);
        assertThat(call.hasReply()).isFalse();
    }

    @Test
    void reply_intoAFullSession_isKept() {
        serveReads(1_000);
        call.start(peer, 0, encodeRead(call, 10), 1_000 * MILLIS, Completion.NONE);
        wire.full(true);
        pass(3, server, client);
        assertThat(call.isDone()).isFalse();
        wire.full(false);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(call.reply().capacity()).isGreaterThan(1_000);
        assertThat(server.count(RpcMetrics.SERVED)).isEqualTo(1);
        assertThat(server.count(RpcMetrics.DROPPED)).isZero();
    }

    @Test
    void reply_intoAFullSession_isDroppedWhenTooMuchIsKept() {
        serveReads(40_000);
        List<Call> calls = new ArrayList<>();
        for (int count = 0; count < 3; count++) {
            Call each = client.rpc.newCall();
            each.start(peer, 0, encodeRead(each, 10), 1_000 * MILLIS, Completion.NONE);
            calls.add(each);
        }
        wire.full(true);
        server.rpc.poll();
        assertThat(server.count(RpcMetrics.DROPPED)).isEqualTo(2);
        wire.full(false);
        pass(250, server, client);
        assertThat(calls).extracting(Call::status).containsOnly(Status.OK);
    }

    @Test
    void reply_intoAFullSession_isDroppedWhenNobodyWaitsForItAnyMore() {
        server.answerPings();
        client.ping(call, peer, 100);
        wire.full(true);
        pass(99, server, client);
        assertThat(server.count(RpcMetrics.DROPPED)).isZero();
        pass(2, server, client);
        assertThat(server.count(RpcMetrics.DROPPED)).isEqualTo(1);
        wire.full(false);
        pump();
        assertThat(wire.sent()).isEqualTo(1);
    }

    @Test
    void reply_intoAClosedSession_isDropped() {
        server.answerPings();
        client.ping(call, peer, 1_000);
        clientEnd.breakSessions();
        server.rpc.poll();
        assertThat(server.count(RpcMetrics.DROPPED)).isEqualTo(1);
    }

    @Test
    void reply_withoutAdvice_hasNotThatOfTheOneBefore() {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> request.refuse(Status.RETRY_LATER, 3 * MILLIS, "tomorrow"));
        serveReads(10);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.retryNanos()).isEqualTo(3 * MILLIS);
        assertThat(call.text()).isEqualTo("tomorrow");
        assertThat(call.text()).isEqualTo("tomorrow");

        call.start(peer, 0, encodeRead(call, 10), 1_000 * MILLIS, Completion.NONE);
        pump();
        assertThat(call.retryNanos()).isZero();
        assertThat(call.text()).isEmpty();
    }

    @Test
    void moved_tellsOwnerAndEpoch_untilTheNextStart() {
        server.rpc.serve(PingDecoder.TEMPLATE_ID, request -> request.moved(7, 3));
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.MOVED);
        assertThat(call.hasReply()).isFalse();
        assertThat(call.owner()).isEqualTo(7);
        assertThat(call.epoch()).isEqualTo(3);

        client.ping(call, peer, 10);
        pass(11, client);
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
        assertThat(call.owner()).isZero();
        assertThat(call.server()).isZero();
    }

    @Test
    void request_ofAKindThatNobodyServes_isRefused() {
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.UNKNOWN_REQUEST);
        assertThat(server.count(RpcMetrics.UNKNOWN)).isEqualTo(1);

        server.answerPings();
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);

        server.rpc.serveNoMore(PingDecoder.TEMPLATE_ID);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.UNKNOWN_REQUEST);
    }

    @Test
    void request_forAnotherClusterOrServer_isRefused() {
        server.answerPings();
        client.rpc.identity(1, 0);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.WRONG_CLUSTER);

        server.rpc.identity(1, 5);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);

        call.start(peer, 4, encodePing(call), 1_000 * MILLIS, Completion.NONE);
        pump();
        assertThat(call.status()).isEqualTo(Status.WRONG_SERVER);
        call.start(peer, 5, encodePing(call), 1_000 * MILLIS, Completion.NONE);
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(server.count(RpcMetrics.MISDIRECTED)).isEqualTo(2);
    }

    @Test
    void service_thatReadsBeyondTheMessage_isMalformed() {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> request.buffer().getLong(request.offset() + 40));
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.MALFORMED);

        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> new UnsafeBuffer(0, 0).wrap(request.buffer(), request.offset(), 1_000));
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.MALFORMED);
        assertThat(server.count(RpcMetrics.MALFORMED)).isEqualTo(2);
        assertThat(server.count(RpcMetrics.FAILED)).isZero();
    }

    @Test
    void service_thatFails_isAnsweredForAndCounted() {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    throw new IllegalStateException("on purpose");
                });
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.RETRY_LATER);
        assertThat(server.count(RpcMetrics.FAILED)).isEqualTo(1);
    }

    @Test
    void service_thatFailsAfterItsAnswer_answersOnce() {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    request.done(9);
                    throw new IllegalStateException("on purpose");
                });
        client.ping(call, peer, 1_000);
        pump();
        assertThat(number(call)).isEqualTo(9);
        assertThat(wire.sent()).isEqualTo(2);
    }

    @Test
    void service_thatKeepsTheRequest_answersLater() {
        List<Request> kept = new ArrayList<>();
        server.rpc.serve(ReadDecoder.TEMPLATE_ID, request -> kept.add(request.keep()));
        server.answerPings();
        Call other = client.rpc.newCall();
        call.start(peer, 0, encodeRead(call, 10), 1_000 * MILLIS, Completion.NONE);
        client.ping(other, peer, 1_000);
        pump();
        assertThat(other.status()).isEqualTo(Status.OK);
        assertThat(call.isDone()).isFalse();

        assertThat(kept.getFirst().templateId()).isEqualTo(ReadDecoder.TEMPLATE_ID);
        assertThat(kept.getFirst().caller()).isEqualTo("wire:client");
        kept.getFirst().done(5);
        pump();
        assertThat(number(call)).isEqualTo(5);
    }

    @Test
    void completion_mayStartTheCallAgain() {
        AtomicLong pings = server.answerPings();
        call.start(
                peer,
                0,
                encodePing(call),
                1_000 * MILLIS,
                ended -> client.ping(ended, peer, 1_000));
        pump();
        assertThat(call.isDone()).isFalse();
        pump();
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(pings).hasValue(2);
    }

    @Test
    void completion_thatFails_harmsNobody() {
        server.answerPings();
        Call other = client.rpc.newCall();
        call.start(
                peer,
                0,
                encodePing(call),
                1_000 * MILLIS,
                ended -> {
                    throw new IllegalStateException("on purpose");
                });
        client.ping(other, peer, 1_000);
        pump();
        assertThat(other.status()).isEqualTo(Status.OK);
        assertThat(client.count(RpcMetrics.FAILED)).isEqualTo(1);
    }

    @Test
    void timer_isRunInTimeAndInOrder_andMayFail() {
        List<String> ran = new ArrayList<>();
        client.rpc.after(20 * MILLIS, () -> ran.add("second"));
        client.rpc.after(20 * MILLIS, () -> ran.add("third"));
        client.rpc.after(
                10 * MILLIS,
                () -> {
                    ran.add("first");
                    throw new IllegalStateException("on purpose");
                });
        pass(9, client);
        assertThat(ran).isEmpty();
        pass(1.5, client);
        assertThat(ran).containsExactly("first");
        pass(10, client);
        assertThat(ran).containsExactly("first", "second", "third");
    }

    @Test
    void timer_thatSetsItselfAgainAtOnce_letsPollReturn() {
        AtomicLong runs = new AtomicLong();
        Runnable again =
                new Runnable() {
                    @Override
                    public void run() {
                        runs.incrementAndGet();
                        client.rpc.after(0, this);
                    }
                };
        client.rpc.after(0, again);
        clock.addAndGet(MILLIS);
        client.rpc.poll();
        assertThat(runs).hasValue(1);
    }

    @Test
    void transport_inPlaceOfAnother_takesOverTheCallsUnderWay() {
        server.answerPings();
        wire.copies(0);
        client.ping(call, peer, 1_000);
        Wire other = new Wire();
        server.rpc.transport(other.open(SERVER));
        client.rpc.transport(other.open("wire:client"));
        clientEnd.close();
        pass(201, client, server);
        assertThat(call.status()).isEqualTo(Status.OK);
        assertThat(other.connects()).isEqualTo(1);
    }

    @Test
    void transport_noneForAWhile_callsWaitForTheNext() {
        server.answerPings();
        client.rpc.transport(NoTransport.INSTANCE);
        clientEnd.close();
        client.ping(call, peer, 1_000);
        pass(100, client, server);
        assertThat(call.isDone()).isFalse();
        client.rpc.transport(wire.open("wire:client"));
        pass(201, client, server);
        assertThat(call.status()).isEqualTo(Status.OK);
    }

    @Test
    void serveOtherwise_somebodyServesThat_isNotAsked() {
        server.rpc.serveOtherwise(PingDecoder.TEMPLATE_ID, request -> request.done(7));
        client.ping(call, peer, 1_000);
        pump();
        assertThat(number(call)).isEqualTo(7);

        server.answerPings();
        client.ping(call, peer, 1_000);
        pump();
        assertThat(number(call)).isEqualTo(1);

        server.rpc.serveNoMore(PingDecoder.TEMPLATE_ID);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(number(call)).isEqualTo(7);

        server.rpc.serveOtherwiseNoMore(PingDecoder.TEMPLATE_ID);
        client.ping(call, peer, 1_000);
        pump();
        assertThat(call.status()).isEqualTo(Status.UNKNOWN_REQUEST);
    }

    @Test
    void transport_returnsWhenNobodyPollsTheOldOne() throws Exception {
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch leave = new CountDownLatch(1);
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID,
                request -> {
                    inside.countDown();
                    awaitQuietly(leave);
                });
        client.ping(call, peer, 1_000);
        Thread poller = Thread.ofPlatform().start(server.rpc::poll);
        inside.await();
        Thread changer =
                Thread.ofPlatform().start(() -> server.rpc.transport(new Wire().open(SERVER)));
        changer.join(50);
        assertThat(changer.isAlive()).isTrue();
        leave.countDown();
        poller.join();
        changer.join();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void close_opensNoMoreSessions() {
        client.ping(call, peer, 1_000);
        client.rpc.close();
        pass(500, client);
        assertThat(wire.connects()).isEqualTo(1);
        pass(501, client);
        assertThat(call.status()).isEqualTo(Status.TIMED_OUT);
    }

    @Test
    void newCall_beyondTheLimit_isRefusedUntilOneIsClosed() {
        for (int count = 1; count < Process.OPTIONS.callsMax(); count++) {
            client.rpc.newCall();
        }
        assertThatThrownBy(client.rpc::newCall)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("calls.max");
        call.close();
        assertThat(client.rpc.newCall()).isNotSameAs(call);
    }

    @Test
    void message_thatIsNone_isCountedAndDropped() {
        int[] lengths = {0, 1, 7, 8, 20, 37};
        for (int length : lengths) {
            clientEnd.connect(SERVER).send(Arena.ofAuto().allocate(64, 8), 0, length);
        }
        server.rpc.poll();
        assertThat(server.count(RpcMetrics.MALFORMED)).isEqualTo(lengths.length);
        assertThat(wire.sent()).isEqualTo(lengths.length);
    }

    @Test
    void refusal_thatIsCutShort_isCountedAndDropped() {
        server.rpc.serve(
                PingDecoder.TEMPLATE_ID, request -> request.refuse(Status.BUSY, 0, "a text"));
        client.ping(call, peer, 100);
        MemorySegment message = Arena.ofAuto().allocate(64, 8);
        UnsafeBuffer buffer = new UnsafeBuffer(message.asByteBuffer());
        new MessageHeaderEncoder()
                .wrap(buffer, 0)
                .blockLength(37)
                .templateId(1)
                .schemaId(MessageHeaderEncoder.SCHEMA_ID)
                .version(1);
        buffer.putShort(45, (short) 12);
        for (int length = 44; length < 59; length++) {
            server.rpc.peer("wire:client").send(message, length);
        }
        client.rpc.poll();
        assertThat(client.count(RpcMetrics.MALFORMED)).isEqualTo(15);
        server.rpc.peer("wire:client").send(message, 59);
        client.rpc.poll();
        assertThat(client.count(RpcMetrics.LATE)).isEqualTo(1);
        pump();
        assertThat(call.text()).isEqualTo("a text");
    }
}
