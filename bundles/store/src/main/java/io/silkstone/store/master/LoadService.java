package io.silkstone.store.master;

import io.silkstone.api.store.KvStore;
import io.silkstone.api.store.TabletLoad;
import io.silkstone.rpc.LoadCodec;
import io.silkstone.rpc.Request;
import io.silkstone.rpc.Rpc;
import io.silkstone.rpc.messages.GetLoadDecoder;
import io.silkstone.rpc.messages.LoadEncoder;
import io.silkstone.rpc.messages.MessageHeaderEncoder;
import io.silkstone.rpc.messages.Status;
import io.silkstone.store.Store;
import java.util.List;

/**
 * Says what the tablets of this server hold and how much they are used. Whoever wants to know asks
 * each server: the figures are old in a second, and so belong in no log and on no way that others
 * wait for.
 */
final class LoadService {
    private static final int BODY = MessageHeaderEncoder.ENCODED_LENGTH;
    private static final long RETRY_NANOS = 20_000_000;

    private final Rpc rpc;
    private final Store store;
    private final Membership membership;

    LoadService(Rpc rpc, Store store, Membership membership) {
        this.rpc = rpc;
        this.store = store;
        this.membership = membership;
    }

    /** Begins to serve, in threads of its own: to look takes a while. */
    void register() {
        rpc.serveWaiting(GetLoadDecoder.TEMPLATE_ID, 0, this::load);
    }

    private void load(Request request) {
        if (!membership.mayServe()) {
            request.refuse(Status.NOT_A_MEMBER);
            return;
        }
        List<TabletLoad> tablets;
        try {
            tablets = store.loads();
        } catch (IllegalStateException allSessionsAreOpen) {
            request.refuse(Status.RETRY_LATER, RETRY_NANOS, "");
            return;
        }
        int count = Math.min(tablets.size(), LoadCodec.tabletsMax(rpc.messageBytesMax()));
        KvStore.Usage usage = store.usage();
        LoadEncoder reply = new LoadEncoder();
        reply.wrapAndApplyHeader(
                request.reply(BODY + LoadCodec.bytesFor(count)), 0, new MessageHeaderEncoder());
        reply.header().status(Status.OK).retryMicros(0);
        reply.capacity(usage.capacity()).allocated(usage.allocated());
        LoadCodec.encode(tablets.subList(0, count), reply);
        request.send(BODY + reply.encodedLength());
    }

    /** Serves no more. */
    void close() {
        rpc.serveNoMore(GetLoadDecoder.TEMPLATE_ID);
    }
}
