(** * The conventions, and the spurious gradient

    What is reported as the gradient is S with one factor below the diagonal and another above it.
    It is valid exactly if the two add up to 2 wherever S is not zero: so with (1, 1), (2, 0) and
    (0, 2), but not with the (2, 2) of the spurious 2S − diag(S). *)

From mathcomp Require Import all_ssreflect all_algebra.
From Symgrad Require Import contraction.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section Conventions.

Variables (R : comRingType) (n : nat).
Implicit Types (S K : 'M[R]_n) (below above : R).

(** S with these factors below and above its diagonal. *)
Definition weighted below above S : 'M[R]_n :=
  \matrix_(i, j) if (j < i)%N then below * S i j else if (i < j)%N then above * S i j else S i j.

(** tril(S), triu(S) and diag(S). *)
Definition tril S : 'M[R]_n := \matrix_(i, j) if (j <= i)%N then S i j else 0.
Definition triu S : 'M[R]_n := \matrix_(i, j) if (i <= j)%N then S i j else 0.
Definition diag S : 'M[R]_n := \matrix_(i, j) if i == j then S i j else 0.

(** The two triangles with doubled entries off the diagonal, and the spurious form. *)
Definition lower S : 'M[R]_n := tril S *+ 2 - diag S.
Definition upper S : 'M[R]_n := triu S *+ 2 - diag S.
Definition spurious S : 'M[R]_n := S *+ 2 - diag S.

Lemma symmetric_weighted S : S = weighted 1 1 S.
Proof. by apply/matrixP=> i j; rewrite mxE !mul1r !if_same. Qed.

Lemma lower_weighted S : lower S = weighted 2%:R 0 S.
Proof.
apply/matrixP=> i j; rewrite /lower [_ *+ 2]mulr2n !mxE -val_eqE mul0r mulr_natl mulr2n.
by case: ltngtP => _; rewrite ?addrK ?subr0 ?addr0.
Qed.

Lemma upper_weighted S : upper S = weighted 0 2%:R S.
Proof.
apply/matrixP=> i j; rewrite /upper [_ *+ 2]mulr2n !mxE -val_eqE mul0r mulr_natl mulr2n.
by case: ltngtP => _; rewrite ?addrK ?subr0 ?addr0.
Qed.

Lemma spurious_weighted S : spurious S = weighted 2%:R 2%:R S.
Proof.
apply/matrixP=> i j; rewrite /spurious [S *+ 2]mulr2n !mxE -val_eqE !mulr_natl !mulr2n.
by case: ltngtP => _; rewrite ?addrK ?subr0.
Qed.

Lemma tril_weighted S : tril S = weighted 1 0 S.
Proof. by apply/matrixP=> i j; rewrite !mxE mul1r mul0r; case: ltngtP. Qed.

Lemma triu_weighted S : triu S = weighted 0 1 S.
Proof. by apply/matrixP=> i j; rewrite !mxE mul1r mul0r; case: ltngtP. Qed.

Lemma diag_weighted S : diag S = weighted 0 0 S.
Proof. by apply/matrixP=> i j; rewrite !mxE -val_eqE !mul0r; case: ltngtP. Qed.

(** S with factors below and above the diagonal is valid exactly if (below + above − 2) S_ij = 0
    for all i > j. *)
Theorem weighted_valid below above S :
  S^T = S ->
  valid S (weighted below above S) <->
  forall i j : 'I_n, (j < i)%N -> (below + above - 2%:R) * S i j = 0.
Proof.
move=> symS; have swap i j : S j i = S i j by rewrite -{1}symS mxE.
have pair (i j : 'I_n) : (j < i)%N ->
    ⟨weighted below above S - S, direction R i j⟩ = (below + above - 2%:R) * S i j.
  move=> lt_ji; rewrite frob_direction -val_eqE /= gtn_eqF // !mxE lt_ji ltnNge ltnW //= [S j i]swap.
  by rewrite addrACA -mulrDl -opprD -[S i j + _]mulr2n -[S i j *+ 2]mulr_natl -mulrBl.
split=> [vW i j lt_ji | zero].
  by rewrite -pair // frobBl vW ?subrr ?direction_sym.
apply: contraction_basis => i j; rewrite leq_eqVlt => /predU1P[/val_inj-> | lt_ji].
  by rewrite !frob_direction eqxx mxE ltnn.
by apply/subr0_eq; rewrite -frobBl pair ?zero.
Qed.

(** Two factors that add up to 2 always make a valid gradient. *)
Theorem weights_of_two below above S :
  S^T = S -> below + above = 2%:R -> valid S (weighted below above S).
Proof. by move=> symS eq2; apply/weighted_valid=> // i j _; rewrite eq2 subrr mul0r. Qed.

(** The symmetric convention: G = S. *)
Theorem symmetric_valid S : valid S S.
Proof. by []. Qed.

(** The lower triangle with doubled entries off the diagonal. *)
Theorem lower_valid S : S^T = S -> valid S (lower S).
Proof. by move=> symS; rewrite lower_weighted; apply: weights_of_two; rewrite ?addr0. Qed.

(** The upper triangle with doubled entries off the diagonal. *)
Theorem upper_valid S : S^T = S -> valid S (upper S).
Proof. by move=> symS; rewrite upper_weighted; apply: weights_of_two; rewrite ?add0r. Qed.

(** Any other skew addition. *)
Theorem unsymmetric_valid S K : skew K -> valid S (S + K).
Proof. exact: valid_skew. Qed.

(** S is diagonal. *)
Definition diagonal S := forall i j, i != j -> S i j = 0.

Lemma diagonal_below S :
  S^T = S -> diagonal S <-> forall i j : 'I_n, (j < i)%N -> S i j = 0.
Proof.
move=> symS; split=> zero i j ij; first by rewrite zero // -val_eqE gtn_eqF.
by move: ij; rewrite -val_eqE /= neq_ltn => /orP[/zero | /zero //]; rewrite -{2}symS mxE.
Qed.

(** The spurious form, contracted with a basis direction, counts every entry off the diagonal
    twice. *)
Theorem spurious_doubles S i j :
  S^T = S -> i != j -> ⟨spurious S, direction R i j⟩ = ⟨S, direction R i j⟩ *+ 2.
Proof.
move=> symS ne_ij; rewrite /spurious frobBl mulr2n frobDl -mulr2n.
by rewrite [X in _ - X]frob_direction (negPf ne_ij) !mxE [j == i]eq_sym (negPf ne_ij) addr0 subr0.
Qed.

(** Factors whose sum differs from 2 by no zero divisor are right for a diagonal S alone. *)
Lemma weighted_diagonal below above S :
  (forall x : R, (below + above - 2%:R) * x = 0 -> x = 0) -> S^T = S ->
  valid S (weighted below above S) <-> diagonal S.
Proof.
move=> reg symS; rewrite weighted_valid // diagonal_below //.
by split=> zero i j /zero => [/reg // | ->]; rewrite mulr0.
Qed.

(** 2S − diag(S) is valid exactly if S is diagonal. *)
Theorem spurious_valid S :
  two_regular R -> S^T = S -> valid S (spurious S) <-> diagonal S.
Proof.
move=> reg2; rewrite spurious_weighted; apply: weighted_diagonal => x.
by rewrite addrK mulr_natl => /reg2.
Qed.

(** Neither is one triangle without the doubling valid, nor the diagonal alone. *)
Theorem tril_valid S : S^T = S -> valid S (tril S) <-> diagonal S.
Proof.
rewrite tril_weighted; apply: weighted_diagonal => x.
by rewrite addr0 opprD addNKr mulN1r => /eqP; rewrite oppr_eq0 => /eqP.
Qed.

Theorem triu_valid S : S^T = S -> valid S (triu S) <-> diagonal S.
Proof.
rewrite triu_weighted; apply: weighted_diagonal => x.
by rewrite add0r opprD addNKr mulN1r => /eqP; rewrite oppr_eq0 => /eqP.
Qed.

Theorem diag_valid S :
  two_regular R -> S^T = S -> valid S (diag S) <-> diagonal S.
Proof.
move=> reg2; rewrite diag_weighted; apply: weighted_diagonal => x.
by rewrite addr0 add0r mulNr mulr_natl => /eqP; rewrite oppr_eq0 => /eqP/reg2.
Qed.

End Conventions.
