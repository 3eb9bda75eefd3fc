(** * Daleckiĭ–Kreĭn for polynomials

    d p(X) = V (p[λ_a, λ_b] ∘ (V⁻¹ dX V)) V⁻¹ if X = V diag(λ) V⁻¹ and the polynomial p is constant,
    with the divided differences p[a, b] = (p(a) − p(b))/(a − b), and p′(a) where a = b.  From the
    product rule, for every derivation; no eigenvalue need be simple. *)

From mathcomp Require Import all_ssreflect all_algebra ring.
From Symgrad Require Import contraction derivation.

Set Implicit Arguments.
Unset Strict Implicit.
Unset Printing Implicit Defensive.

Import GRing.Theory.
Local Open Scope ring_scope.

Section DividedDifference.

Variable R : comRingType.
Implicit Types (p : {poly R}) (a b : R).

(** Σ_k p_k Σ_{i<k} a^i b^(k−1−i). *)
Definition divided p a b := \sum_(k < size p) p`_k * \sum_(i < k) a ^+ i * b ^+ (k.-1 - i).

(** p[a, b] (a − b) = p(a) − p(b). *)
Theorem divided_difference p a b : divided p a b * (a - b) = p.[a] - p.[b].
Proof.
rewrite !horner_coef -sumrB mulr_suml; apply: eq_bigr => k _.
rewrite -mulrBr -mulrA; congr (_ * _); rewrite mulrC.
case: k => [[|k] /= _]; first by rewrite big_ord0 mulr0 subrr.
rewrite -opprB mulNr -[RHS]opprB subrXX; congr (- (_ * _)).
by apply: eq_bigr => i _; rewrite mulrC.
Qed.

(** p[a, a] = p′(a). *)
Theorem divided_diagonal p a : divided p a a = p^`().[a].
Proof.
rewrite /divided /deriv horner_poly; case: (size p) => [|m]; first by rewrite !big_ord0.
rewrite big_ord_recl big_ord0 mulr0 add0r /=; apply: eq_bigr => k _.
rewrite /bump leq0n add1n /= (eq_bigr (fun _ => a ^+ k)) => [|i _].
  by rewrite sumr_const card_ord mulrnAr mulrnAl.
by rewrite -exprD subnKC // -ltnS.
Qed.

(** It is symmetric. *)
Theorem divided_sym p a b : divided p a b = divided p b a.
Proof.
apply: eq_bigr => k _; congr (_ * _); case: k => [[|k] /= _]; first by rewrite !big_ord0.
rewrite [RHS](reindex_inj rev_ord_inj); apply: eq_bigr => i _ /=.
by rewrite mulrC subSS subKn // -ltnS.
Qed.

End DividedDifference.

Section DaleckiiKrein.

Variables (R : comUnitRingType) (d : {additive R -> R}) (n : nat).
Hypothesis product_rule : leibniz d.
Implicit Types (X V W : 'M[R]_n.+1) (p : {poly R}).

Notation "''d' A" := (map_mx d A) (at level 10, A at level 8, format "''d'  A").

(** d X^k = Σ_{i<k} X^i dX X^(k−1−i). *)
Theorem d_power X k : 'd (X ^+ k) = \sum_(i < k) X ^+ i * 'd X * X ^+ (k.-1 - i).
Proof.
elim: k => [|k IHk]; first by rewrite big_ord0 expr0 d_scalar_mx d1 // raddf0.
rewrite exprSr -[X ^+ k * X]/(X ^+ k *m X) d_mulmx // IHk big_ord_recr /= subnn expr0 mulr1.
congr (_ + _); rewrite -[(\sum_(_ < _) _) *m X]/((\sum_(i < k) _) * X) mulr_suml.
apply: eq_bigr => i _; rewrite -!mulrA -exprSr; congr (_ * (_ * _ ^+ _)).
by case: k {IHk} i => [[] //|k i] /=; rewrite subSn // -ltnS.
Qed.

Lemma horner_mx_coef X p : horner_mx X p = \sum_(k < size p) p`_k *: X ^+ k.
Proof.
rewrite -{1}[p]coefK poly_def rmorph_sum; apply: eq_bigr => k _ /=.
by rewrite horner_mxZ rmorphX /= horner_mx_X.
Qed.

(** d p(X) = Σ_k p_k Σ_{i<k} X^i dX X^(k−1−i), for constant p. *)
Theorem d_horner_mx X p :
  (forall k, d p`_k = 0) ->
  'd (horner_mx X p)
    = \sum_(k < size p) p`_k *: \sum_(i < k) X ^+ i * 'd X * X ^+ (k.-1 - i).
Proof.
move=> const; rewrite horner_mx_coef raddf_sum; apply: eq_bigr => k _ /=.
by rewrite d_scale // const scale0r add0r d_power.
Qed.

Section Eigenbasis.

Variables (X V : 'M[R]_n.+1) (l : 'rV[R]_n.+1).
Hypotheses (unitV : V \in unitmx) (eigenbasis : X *m V = V *m diag_mx l).

(** A matrix in the basis of the eigenvectors. *)
Definition in_basis (A : 'M[R]_n.+1) := invmx V *m A *m V.

Lemma in_basisM A B : in_basis (A *m B) = in_basis A *m in_basis B.
Proof. by rewrite /in_basis -!mulmxA mulKVmx. Qed.

Lemma in_basisD A B : in_basis (A + B) = in_basis A + in_basis B.
Proof. by rewrite /in_basis mulmxDr mulmxDl. Qed.

Lemma in_basisZ x A : in_basis (x *: A) = x *: in_basis A.
Proof. by rewrite /in_basis -scalemxAr -scalemxAl. Qed.

Lemma in_basis_sum (I : finType) (A : I -> 'M[R]_n.+1) :
  in_basis (\sum_i A i) = \sum_i in_basis (A i).
Proof. by rewrite /in_basis mulmx_sumr mulmx_suml. Qed.

Lemma in_basis_eigen (A : 'M[R]_n.+1) (m : 'rV[R]_n.+1) :
  A *m V = V *m diag_mx m -> in_basis A = diag_mx m.
Proof. by move=> eigA; rewrite /in_basis -mulmxA eigA mulKmx. Qed.

Lemma eigen_power k : X ^+ k *m V = V *m diag_mx (map_mx (fun x => x ^+ k) l).
Proof.
elim: k => [|k IHk].
  rewrite expr0 mul1mx -[LHS]mulmx1; congr (_ *m _); apply/matrixP=> a b; rewrite !mxE.
  by rewrite expr0.
rewrite exprSr -[X ^+ k * X]/(X ^+ k *m X) -mulmxA eigenbasis mulmxA IHk -mulmxA; congr (_ *m _).
by apply/matrixP=> a b; rewrite mul_diag_mx !mxE mulrnAr exprSr.
Qed.

(** Daleckiĭ–Kreĭn for polynomials: V⁻¹ dp(X) V is p[λ_a, λ_b] times V⁻¹ dX V, entry by entry. *)
Theorem daleckii_krein p a b :
  (forall k, d p`_k = 0) ->
  in_basis ('d (horner_mx X p)) a b = divided p (l 0 a) (l 0 b) * in_basis ('d X) a b.
Proof.
move=> const; rewrite d_horner_mx // in_basis_sum summxE mulr_suml; apply: eq_bigr => k _.
rewrite in_basisZ mxE in_basis_sum summxE -mulrA; congr (_ * _).
rewrite mulr_suml; apply: eq_bigr => i _.
rewrite -[X ^+ i * 'd X * _]/(X ^+ i *m 'd X *m X ^+ (k.-1 - i)) !in_basisM.
rewrite !(in_basis_eigen (eigen_power _)) mul_mx_diag mul_diag_mx !mxE.
by rewrite [RHS]mulrAC.
Qed.

(** Off the diagonal that holds of every function f(X) = V diag(f(λ)) V⁻¹ that has a derivative. *)
Theorem daleckii_krein_distinct (Y : 'M[R]_n.+1) (m : 'rV[R]_n.+1) a b :
  Y *m V = V *m diag_mx m ->
  in_basis ('d Y) a b * (l 0 a - l 0 b) = (m 0 a - m 0 b) * in_basis ('d X) a b.
Proof.
move=> eigY; have : X *m Y = Y *m X.
  apply: (can_inj (mulmxK unitV)); rewrite -!mulmxA eigY eigenbasis !mulmxA eigenbasis eigY.
  by rewrite -!mulmxA diag_mxC.
move/(congr1 (fun A => in_basis ('d A) a b)); rewrite /= !d_mulmx //.
rewrite !in_basisD !in_basisM (in_basis_eigen eigY) (in_basis_eigen eigenbasis).
move: (in_basis ('d X)) (in_basis ('d Y)) => D E; rewrite !mul_mx_diag !mul_diag_mx !mxE => eqDE.
apply/subr0_eq; move: eqDE; move: (D a b) (E a b) (l 0 a) (l 0 b) (m 0 a) (m 0 b) => x y la lb ma mb.
by move/eqP; rewrite -subr_eq0 => /eqP <-; ring.
Qed.

End Eigenbasis.

End DaleckiiKrein.
