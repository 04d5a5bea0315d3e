package io.silkstone.shell.format;

import org.apache.felix.service.command.Converter;

/**
 * Tells gogo how answers and records look in a pipe, on the terminal, and inside other values. It
 * turns nothing into arguments: commands take text.
 */
public final class AnswerConverter implements Converter {
    /** Without state. */
    public AnswerConverter() {}

    @Override
    public Object convert(Class<?> desiredType, Object in) {
        return null;
    }

    @Override
    public CharSequence format(Object target, int level, Converter escape) {
        return switch (target) {
            case Answer answer -> level == INSPECT ? answer.text() : Json.of(answer);
            case Record row -> Text.visible(row.toString());
            default -> null;
        };
    }
}
