"""The rungs below the networks, by scikit-learn, and the n-gram weights that are added to a network.

Bag of words and TF-IDF with naive Bayes, logistic regression and a linear SVM; NB-SVM (Wang & Manning 2012,
ACL P12-2018).
"""

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from models.classification.network import BUCKETS, buckets
from models.classification.vocabulary import words_of

# B texts, C classes, N n-grams

REGULARISATION = 20  # C of the logistic regression on n-grams; a larger one trusts the training data more
CLASSIFIERS = {
    "naive-bayes": lambda: MultinomialNB(alpha=0.5),
    "logistic": lambda: LogisticRegression(C=5, max_iter=300),
    "svm": lambda: LinearSVC(C=0.3, dual=True),
}
FEATURES = {"counts": CountVectorizer, "tfidf": lambda **given: TfidfVectorizer(sublinear_tf=True, **given)}


def split_words(text):
    return [form for word in words_of(text) for form in word.forms]


def pipeline(architecture, features, ngrams):
    """An unfitted pipeline of scikit-learn on texts. It sees words and, with `ngrams`, pairs of words."""
    vectoriser = FEATURES[features](analyzer=Analyzer(ngrams), min_df=1)
    return make_pipeline(vectoriser, CLASSIFIERS[architecture]())


class Analyzer:
    """A text -> its words, and the pairs of neighbouring words."""

    def __init__(self, ngrams):
        self.ngrams = ngrams

    def __call__(self, text):
        words = split_words(text)
        return words + [" ".join(pair) for pair in zip(words, words[1:])] if self.ngrams else words


def presence(examples):
    """(B, BUCKETS): 1 / sqrt(the text's number of n-grams) for each n-gram in a text."""
    rows = [np.unique(buckets(torch.from_numpy(ids[None]))[0].numpy()) for ids, _ in examples]
    rows = [row[row > 0] for row in rows]
    starts = np.cumsum([0] + [len(row) for row in rows])
    values = np.concatenate([np.full(len(row), max(1, len(row)) ** -0.5, np.float32) for row in rows])
    return csr_matrix((values, np.concatenate(rows), starts), (len(rows), BUCKETS))


def ngram_weights(examples, count):
    """(BUCKETS, C): for each class, logistic regression on the n-grams times their log-count ratio r,
    equation 3 of the paper.
    """
    x, y = presence(examples), np.array([label for _, label in examples])
    table = np.zeros((BUCKETS, count), np.float32)
    for label in range(1 if count == 2 else 0, count):
        with_it, without = [1 + np.asarray((x[rows] > 0).sum(axis=0))[0] for rows in (y == label, y != label)]
        ratio = np.log(with_it / with_it.sum() * without.sum() / without)
        fitted = LogisticRegression(C=REGULARISATION, solver="liblinear").fit(
            x.multiply(ratio).tocsr(), y == label
        )
        table[:, label] = fitted.coef_[0] * ratio
    return np.stack([-table[:, 1] / 2, table[:, 1] / 2], axis=1) if count == 2 else table
