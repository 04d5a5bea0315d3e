package io.silkstone.store.master;

import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.BeginCopyEncoder;
import io.silkstone.rpc.messages.BeginPassEncoder;
import io.silkstone.rpc.messages.PrepareMigrationEncoder;
import io.silkstone.rpc.messages.PriorityPullEncoder;
import io.silkstone.rpc.messages.PullAheadEncoder;
import io.silkstone.rpc.messages.PullChangesEncoder;
import io.silkstone.rpc.messages.PullEncoder;
import io.silkstone.rpc.messages.PullLogEncoder;
import io.silkstone.rpc.messages.PullResultsEncoder;
import io.silkstone.store.TabletReader.Place;

/**
 * What a server that fetches a tablet asks the one that has it. Each method encodes a request into
 * a question, and returns its length without its message header. Threads: any, each with questions
 * of its own.
 */
final class SourceRequests {
    private static final int REQUEST_BYTES = 8 << 10;

    private final Rpc rpc;
    private final Place place;

    /** About the tablet at {@code place}. */
    SourceRequests(Rpc rpc, Place place) {
        this.rpc = rpc;
        this.place = place;
    }

    /** Freeze it, or only look how much there is. */
    int prepare(Question question, boolean lookOnly) {
        PrepareMigrationEncoder prepare = new PrepareMigrationEncoder();
        prepare.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .server(rpc.server())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .table(place.table())
                .lookOnly((short) (lookOnly ? 1 : 0));
        return prepare.encodedLength();
    }

    /** Remember what is changed from now on; later copies of this server have higher numbers. */
    int beginCopy(Question question, long number) {
        BeginCopyEncoder begin = new BeginCopyEncoder();
        begin.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .server(rpc.server())
                .number(number)
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .table(place.table());
        return begin.encodedLength();
    }

    /** What was changed between the beginnings of the round before and of this one? */
    int pullChanges(Question question, long record, long round, long cursor, int bytes) {
        PullChangesEncoder pull = new PullChangesEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .record(record)
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .round(round)
                .cursor(cursor)
                .table(place.table())
                .bytes(bytes);
        return pull.encodedLength();
    }

    /** Results of requests on it, from {@code cursor} on. */
    int pullResults(Question question, long cursor) {
        PullResultsEncoder pull = new PullResultsEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .cursor(cursor)
                .table(place.table());
        return pull.encodedLength();
    }

    /** Objects, for who has the tablet. */
    int pull(Question question, long cursor, long until, int bytes) {
        PullEncoder pull = new PullEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .cursor(cursor)
                .until(until)
                .table(place.table())
                .bytes(bytes);
        return pull.encodedLength();
    }

    /** Which stretches of the log hold it that were not gone through until {@code since}? */
    int beginPass(Question question, long since, int stretches, boolean ahead) {
        BeginPassEncoder begin = new BeginPassEncoder();
        begin.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .since(since)
                .table(place.table())
                .stretches(stretches)
                .ahead((short) (ahead ? 1 : 0));
        return begin.encodedLength();
    }

    /** Objects in a stretch of the log. */
    int pullLog(Question question, long cursor, Stretch stretch, int bytes, boolean ahead) {
        PullLogEncoder pull = new PullLogEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .cursor(cursor)
                .until(stretch.until())
                .table(place.table())
                .bytes(bytes)
                .onlyMoved((short) (stretch.onlyMoved() ? 1 : 0))
                .ahead((short) (ahead ? 1 : 0));
        return pull.encodedLength();
    }

    /**
     * Objects, for who has it not yet; all of one hash, if {@code oneHash}, which is the cursor.
     */
    int pullAhead(Question question, long cursor, long until, int bytes, boolean oneHash) {
        PullAheadEncoder pull = new PullAheadEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .cursor(cursor)
                .until(until)
                .table(place.table())
                .bytes(bytes)
                .oneHash((short) (oneHash ? 1 : 0));
        return pull.encodedLength();
    }

    /** All objects of the first {@code count} of {@code hashes}, for who has the tablet. */
    int priorityPull(Question question, long[] hashes, int count) {
        PriorityPullEncoder pull = new PriorityPullEncoder();
        pull.wrapAndApplyHeader(question.request(REQUEST_BYTES), 0, question.header())
                .firstHash(place.first())
                .lastHash(place.last())
                .epoch(place.epoch())
                .table(place.table());
        PriorityPullEncoder.HashesEncoder group = pull.hashesCount(count);
        for (int index = 0; index < count; index++) {
            group.next().hash(hashes[index]);
        }
        return pull.encodedLength();
    }
}
