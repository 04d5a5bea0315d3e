package io.silkstone.rpc;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Messages of the schema with random contents, and what is made of them by accident or malice. */
final class Nonsense {
    private static final int MESSAGE_BYTES_MAX = 4 << 10;
    private static final long[] EXTREMES = {
        0, 1, -1, 0xffff, 0x7fff, 0x8000, 0x7fff_ffff, 0x8000_0000L, Long.MAX_VALUE, Long.MIN_VALUE
    };

    private final Schema schema;
    private final SplittableRandom random;

    Nonsense(Schema schema, long seed) {
        this.schema = schema;
        random = new SplittableRandom(seed);
    }

    Schema.Message anyMessage() {
        return schema.messages().get(random.nextInt(schema.messages().size()));
    }

    Schema.Message anyReply() {
        Schema.Message message = anyMessage();
        while (!message.isReply()) {
            message = anyMessage();
        }
        return message;
    }

    /** A message that is right in form, and means nobody in particular. */
    byte[] sound(Schema.Message message) {
        ByteBuffer bytes = ByteBuffer.allocate(MESSAGE_BYTES_MAX).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putShort((short) blockLength(message.parts()));
        bytes.putShort((short) message.id());
        bytes.putShort((short) schema.id());
        bytes.putShort((short) schema.version());
        putBody(bytes, message.parts());
        if (!message.isReply()) {
            // Cluster and target, and a timeout that is not over at once.
            bytes.putLong(Call.BODY + 8, 0).putLong(Call.BODY + 16, 0);
            bytes.putInt(Call.BODY + 24, 1_000_000);
        }
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    private void putBody(ByteBuffer bytes, List<Schema.Part> parts) {
        for (Schema.Part part : parts) {
            switch (part.kind()) {
                case FIELD -> putRandom(bytes, part.bytes());
                case DATA -> {
                    int length = random.nextInt(40);
                    if (part.bytes() == Integer.BYTES) {
                        bytes.putInt(length);
                    } else {
                        bytes.putShort((short) length);
                    }
                    putRandom(bytes, length);
                }
                case GROUP -> {
                    int count = random.nextInt(4);
                    bytes.putShort((short) blockLength(part.parts())).putShort((short) count);
                    for (int index = 0; index < count; index++) {
                        putBody(bytes, part.parts());
                    }
                }
                default -> throw new AssertionError(part);
            }
        }
    }

    private void putRandom(ByteBuffer bytes, int count) {
        for (int index = 0; index < count; index++) {
            // Enums and counts are small numbers.
            bytes.put((byte) (random.nextBoolean() ? random.nextInt(4) : random.nextInt()));
        }
    }

    private static int blockLength(List<Schema.Part> parts) {
        int sum = 0;
        for (Schema.Part part : parts) {
            sum += part.kind() == Schema.PartKind.FIELD ? part.bytes() : 0;
        }
        return sum;
    }

    /** {@code sound}, spoilt in one way or two, or now and then as it is. */
    byte[] spoilt(byte[] sound) {
        byte[] spoilt = sound.clone();
        for (int ways = random.nextInt(3); ways >= 0; ways--) {
            spoilt = spoiltOnce(spoilt);
        }
        return spoilt;
    }

    private byte[] spoiltOnce(byte[] message) {
        ByteBuffer bytes = ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN);
        int kind = random.nextInt(9);
        if (message.length < 40 && kind > 2) {
            return message;
        }
        long extreme = EXTREMES[random.nextInt(EXTREMES.length)];
        switch (kind) {
            case 0 -> {
                return Arrays.copyOf(message, random.nextInt(message.length + 1));
            }
            case 1 -> {
                return Arrays.copyOf(message, message.length + random.nextInt(100));
            }
            case 2 -> {
                byte[] random = new byte[this.random.nextInt(200)];
                this.random.nextBytes(random);
                return random;
            }
            case 3 -> bytes.putShort(0, (short) (random.nextBoolean() ? extreme : message.length));
            case 4 -> bytes.putShort(2, (short) random.nextInt(80));
            case 5 -> bytes.putShort(random.nextBoolean() ? 4 : 6, (short) extreme);
            case 6 -> bytes.putLong(Call.BODY + 8 * random.nextInt(3), random.nextLong());
            case 7 -> {
                for (int flips = random.nextInt(8); flips >= 0; flips--) {
                    message[random.nextInt(message.length)] ^= (byte) (1 << random.nextInt(8));
                }
            }
            default -> {
                int at = Call.BODY + random.nextInt(message.length - Call.BODY - Integer.BYTES);
                if (random.nextBoolean()) {
                    bytes.putInt(at, (int) extreme);
                } else {
                    bytes.putShort(at, (short) extreme);
                }
            }
        }
        return message;
    }
}
